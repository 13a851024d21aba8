import { fileTypeFromBuffer } from 'file-type';
import type { EvidenceKind } from '../results/normalised-result.ts';

const PICTURES = ['image/jpeg', 'image/png', 'image/webp'] as const;
const VIDEOS = ['video/mp4', 'video/webm', 'video/quicktime'] as const;

/** What media may be, by their content. */
export const MEDIA_TYPES = [...PICTURES, ...VIDEOS] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

const TYPES_OF: Readonly<Record<EvidenceKind, readonly MediaType[]>> = {
  front: PICTURES,
  back: PICTURES,
  video: VIDEOS,
};

const FILE_ENDINGS: Readonly<Record<MediaType, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
};

/** Bytes from the start by which a type is told, as the detector asks for. */
export const SAMPLE_BYTES = 4_100;

/**
 * The type of media by their first bytes; null if it is none that this kind may have. What the server says of
 * them counts for nothing: a page that explains an error is also served as image/jpeg by some.
 */
export async function mediaTypeOf(kind: EvidenceKind, sample: Buffer): Promise<MediaType | null> {
  const detected = await fileTypeFromBuffer(sample).catch(() => undefined);
  return TYPES_OF[kind].find((type) => type === detected?.mime) ?? null;
}

/** The name under which media are saved. */
export function fileNameOf(kind: EvidenceKind, mediaType: string): string {
  const type = MEDIA_TYPES.find((each) => each === mediaType);
  return type === undefined ? kind : `${kind}.${FILE_ENDINGS[type]}`;
}
