// What the generated glue exports. Its own declarations are never published.

import type { EngineMaker, Engine as EngineShape } from "../engine.js";

export const Engine: new (...parts: Parameters<EngineMaker>) => EngineShape;

/** The instance calls back when it fails; it must not be called then. */
export function onPanic(callback: (message: string) => void): void;

export default function load(options: { module_or_path: unknown }): Promise<unknown>;
