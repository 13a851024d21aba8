export const MEDIA_KINDS = ['front', 'back', 'video'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

export interface Medium {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** What a session's `resources` lead to; different for each session and kind, the same at every request. */
export function mediumOf(uuid: string, kind: MediaKind): Medium {
  const mark = Buffer.from(`${uuid}/${kind}`);
  switch (kind) {
    case 'front':
    case 'back':
      return { contentType: 'image/jpeg', bytes: jpeg(mark) };
    case 'video':
      return { contentType: 'video/mp4', bytes: mp4(mark) };
  }
}

/** A valid baseline JPEG of one grey pixel, with `mark` as its comment. */
function jpeg(mark: Buffer): Buffer {
  const segment = (marker: number, ...content: (Buffer | number[])[]): Buffer => {
    const body = Buffer.concat(content.map((part) => Buffer.from(part)));
    return Buffer.concat([
      Buffer.from([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff]),
      body,
    ]);
  };
  const oneCodeTable = (kind: number): number[] => [kind, 1, ...Array<number>(15).fill(0), 0];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from('JFIF\0'), [1, 1, 0, 0, 1, 0, 1, 0, 0]),
    segment(0xfe, mark),
    segment(0xdb, [0], Array<number>(64).fill(1)),
    segment(0xc0, [8, 0, 1, 0, 1, 1, 1, 0x11, 0]),
    segment(0xc4, oneCodeTable(0x00)),
    segment(0xc4, oneCodeTable(0x10)),
    segment(0xda, [1, 1, 0, 0, 63, 0]),
    Buffer.from([0x3f, 0xff, 0xd9]),
  ]);
}

/** The boxes by which an MP4 is recognised (ISO 14496-12), without a playable track. */
function mp4(mark: Buffer): Buffer {
  const box = (type: string, content: Buffer): Buffer => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(content.length + 8);
    header.write(type, 4, 'latin1');
    return Buffer.concat([header, content]);
  };
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41', 'latin1')),
    box('free', mark),
    box('mdat', Buffer.alloc(64 * 1024, mark)),
  ]);
}
