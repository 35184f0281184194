import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { neighbourIn } from '../../../lib/pages/client/neighbour.ts';

const test = suite('lib/pages/neighbour');

const at = (hash: string) => neighbourIn({ hash, origin: 'http://127.0.0.1:8080' }, 'meter', 'counter');

test('when a sandbox has printed the address of its other page then that page is a link which knows the way back', () => {
  const back = '/#counter=http://127.0.0.1:8080/';
  assert.is(at('#meter=http://127.0.0.1:8081/'), `http://127.0.0.1:8081${back}`);
  assert.is(at('#meter=http://localhost:8081'), `http://localhost:8081${back}`);
  assert.is(at('#meter=http://[::1]:8081/'), `http://[::1]:8081${back}`);
  assert.is(
    at('#other=1&meter=http://127.0.0.1:1/path?query'),
    `http://127.0.0.1:1${back}`,
    'a path is not taken over',
  );
});

test('when an address leads off this machine, or is none, then there is no link', () => {
  for (const hash of [
    '',
    '#',
    '#meter=',
    '#meter=here',
    '#counter=http://127.0.0.1:8081/',
    '#meter=https://example.org/',
    '#meter=http://127.0.0.1.example.org/',
    '#meter=http://127.0.0.1@example.org/',
    '#meter=javascript:alert(1)',
    '#meter=file:///etc/passwd',
    '#meter=//example.org',
  ])
    assert.is(at(hash), undefined, hash);
});

test.run();
