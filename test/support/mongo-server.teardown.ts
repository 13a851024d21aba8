export default async function teardown(): Promise<void> {
  if (globalThis.testMongo !== undefined) {
    await globalThis.testMongo.stop();
    globalThis.testMongo = undefined;
    delete process.env['TEST_MONGODB_URI'];
  }
}
