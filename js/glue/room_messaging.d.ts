// What the generated glue exports. Its own declarations are never published.

import type { Core as CoreInstance, CoreListener, CoreOptions } from "../core.js";

export const Core: new (options: CoreOptions | undefined, listener: CoreListener) => CoreInstance;

/** The instance calls back when it fails; it must not be called then. */
export function onPanic(callback: (message: string) => void): void;

export default function load(options: { module_or_path: unknown }): Promise<unknown>;
