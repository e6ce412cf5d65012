/**
 * A server gave a page instead. Vite does so before version 8, which moves the module away from its
 * file.
 */
export function whyNotWasm(cause: unknown): string {
  const isAnother = /magic|start with/i.test(String(cause));
  return isAnother ? ' (Vite before 8 needs optimizeDeps: { exclude: ["room-messaging"] })' : "";
}
