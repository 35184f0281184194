/** The page's own script: runs the vectors here or in a worker, as its address asks, and leaves the answer where a test looks. */
const where = new URLSearchParams(location.search).get('where');

/** What the policy of the page must forbid: a library that needed it would not run here. */
const refusesEval = () => {
  try {
    // biome-ignore lint/security/noGlobalEval: to see it refused
    globalThis.eval('1');
    return false;
  } catch (error) {
    return error instanceof EvalError;
  }
};

const finished = (answer) => {
  const output = document.createElement('output');
  output.textContent = JSON.stringify({ refusesEval: refusesEval(), answer });
  document.body.append(output);
};

if (where === 'window') {
  import('/test/browser-vectors.mjs')
    .then(({ runVectors }) => runVectors())
    .then(finished, (error) => finished({ failed: String(error) }));
} else {
  const worker = new Worker(`/bundle/${where}-worker.js`, { type: where });
  worker.onmessage = ({ data }) => finished(data);
  worker.onerror = (event) => finished({ failed: event.message ?? 'the worker did not load' });
}
