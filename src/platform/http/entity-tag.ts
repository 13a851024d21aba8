/** An entity tag of a request header (RFC 9110, 8.8.3). */
export interface EntityTag {
  /** What stands between the quotes. */
  readonly opaque: string;
  readonly weak: boolean;
}

const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
/** Empty members of a list are allowed and mean nothing (RFC 9110, 5.6.1.2). */
const LIST = new RegExp(`^[ \\t,]*${TAG}(?:[ \\t]*,(?:[ \\t]*${TAG})?)*[ \\t]*$`);

/** The tags of a list, or null if it is none. */
export function parseIfMatch(header: string): EntityTag[] | null {
  if (!LIST.test(header)) return null;
  return [...header.matchAll(new RegExp(TAG, 'g'))].map(([tag]) => ({
    opaque: tag.slice(tag.indexOf('"') + 1, -1),
    weak: tag.startsWith('W/'),
  }));
}

/** Whether one of the tags is the current one. Strong comparison, as If-Match asks for: a weak tag never is. */
export function matches(tags: readonly EntityTag[], current: string): boolean {
  return tags.some(({ opaque, weak }) => !weak && opaque === current);
}
