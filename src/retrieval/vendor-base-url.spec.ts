import { describe, expect, it } from '@jest/globals';

import { VENDOR_BASE_URL } from './vendor-base-url.ts';

describe('VENDOR_BASE_URL', () => {
  it.each([
    'https://api.fpt.ai/vision/ekyc/be-stag',
    'https://api.fpt.ai/vision/ekyc-be/',
    'https://vendor.example:8443',
    'http://127.0.0.1:4010',
    'http://127.8.9.10/vision',
    'https://vendor.example:65535/vision',
    'http://localhost:4010/vision/ekyc-be',
    'http://[::1]:4010',
  ])('accepts %s', (url) => {
    expect(url).toMatch(VENDOR_BASE_URL);
    expect(() => new URL(url)).not.toThrow();
  });

  it.each([
    'http://api.fpt.ai/vision/ekyc-be',
    'http://10.0.0.7:4010',
    'http://127.0.0.1.vendor.example',
    'http://localhost.vendor.example',
    'http://127.0.0.1@vendor.example',
    'http://127.0.0.1:80@vendor.example/',
    'https://vendor.example:0',
    'https://vendor.example:65536',
    'https://vendor.example:70000/vision',
    'https://key:secret@vendor.example',
    'https://vendor.example/?a=1',
    'https://vendor.example/#a',
    'https://vendor.example\\@other.example',
    'https://vendor.example//other',
    'https://',
    'ftp://vendor.example',
    'file:///etc/passwd',
    'vendor.example',
    ' https://vendor.example',
    'https://vendor.example\n',
    '',
  ])('refuses %j', (url) => {
    expect(url).not.toMatch(VENDOR_BASE_URL);
  });
});
