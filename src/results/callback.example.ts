/** The vendor's documented callback in short, for the API description. */
export const CALLBACK_EXAMPLE = {
  uuid: 'a1b2c3d4',
  code: '303',
  message: 'face is not matching with document',
  ocr: {
    code: '200',
    message: 'ocr successful',
    data: [{ type: 'new', type_new: 'cccd_12_front', overall_score: '99.47' }],
  },
  liveness: { code: '200', message: 'liveness check successful', is_live: 'true', spoof_prob: '0.3435' },
  face_match: {
    code: '303',
    message: 'face is not matching with document',
    isMatch: 'false',
    similarity: '49.09',
  },
  resources: { front: 'url-front', back: 'url-back', video: 'url-video' },
};
