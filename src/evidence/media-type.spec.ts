import { describe, expect, it } from '@jest/globals';
import { MEDIA_KINDS, mediumOf } from '../../test/simulator/media.ts';
import { fileNameOf, mediaTypeOf } from './media-type.ts';

const JPEG = mediumOf('a', 'front').bytes;
const MP4 = mediumOf('a', 'video').bytes;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);
const WEBP = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64');
const WEBM = Buffer.from(
  '1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853',
  'hex',
);
const MOV = Buffer.from('0000001466747970717420202005030071742020', 'hex');

describe(mediaTypeOf.name, () => {
  it.each([
    ['front', 'image/jpeg', JPEG],
    ['back', 'image/png', PNG],
    ['front', 'image/webp', WEBP],
    ['video', 'video/mp4', MP4],
    ['video', 'video/webm', WEBM],
    ['video', 'video/quicktime', MOV],
  ] as const)('takes a %s that is %s', async (kind, type, bytes) => {
    expect(await mediaTypeOf(kind, bytes.subarray(0, 4_100))).toBe(type);
  });

  it.each([
    ['video', 'a picture', JPEG],
    ['front', 'a video', MP4],
    ['front', 'a page', Buffer.from('<!doctype html><title>Error</title>')],
    ['front', 'an SVG, which can run scripts', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['front', 'a GIF', Buffer.from('GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000', 'latin1')],
    ['front', 'a program', Buffer.from('MZ\u0090\u0000', 'latin1')],
    ['front', 'an archive', Buffer.from('504b0304140000000800', 'hex')],
    ['front', 'nothing', Buffer.alloc(0)],
    ['video', 'what breaks off at once', MP4.subarray(0, 6)],
    ['video', 'zeros', Buffer.alloc(4_100)],
  ] as const)('takes no %s that is %s', async (kind, _, bytes) => {
    expect(await mediaTypeOf(kind, bytes)).toBeNull();
  });
});

describe(fileNameOf.name, () => {
  it('says what it is', () => {
    expect(MEDIA_KINDS.map((kind) => fileNameOf(kind, mediumOf('a', kind).contentType))).toEqual([
      'front.jpg',
      'back.jpg',
      'video.mp4',
    ]);
  });
});
