// What bundlers make of imported files.

declare module "room-messaging/wasm" {
  const address: string;
  export default address;
}
