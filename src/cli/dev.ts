import { enableCompileCache } from 'node:module';
import path from 'node:path';

// Compiling is a large part of a start, which a developer waits for.
enableCompileCache(path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled'));
await import('./start-dev.ts');
