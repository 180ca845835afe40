import { enableCompileCache } from 'node:module';
import path from 'node:path';

// Compiling is a large part of a start, and a developer waits for it.
enableCompileCache(path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled'));
await import('./start-dev.ts');
