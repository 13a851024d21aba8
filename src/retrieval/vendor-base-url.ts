/**
 * Where the vendor's API may be: https, or plain http on a loopback address for a simulator, because each
 * request carries the API key and each answer an identity. A path is usual; user, query and fragment are not
 * allowed, so no `@` can move the host.
 */
export const VENDOR_BASE_URL =
  /^(?:https:\/\/[A-Za-z0-9.-]+|http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]))(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?(?:\/[A-Za-z0-9._~-]+)*\/?$/;
