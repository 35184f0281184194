/** A worker's script: bundled as a module and as a classic script. */
import { runVectors } from './browser-vectors.mjs';

runVectors().then(postMessage, (error) => postMessage({ failed: String(error) }));
