/** The page for customers: a receipt opens it, and what it opens is gone after half an hour. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Spoken } from '../../../../lib/pages/client/language.tsx';
import { call, Refusal, useCsrfToken } from '../api.ts';
import { LANGUAGE_LABEL } from '../speaking.ts';
import type { Visit } from './answers.ts';
import { codeIn } from './code.ts';
import { MeterPage } from './meter-page.tsx';
import { type Shown, ShowReceipt } from './show-receipt.tsx';
import { useSay } from './speech.ts';

export function App() {
  return <Spoken label={LANGUAGE_LABEL}>{(languages) => <Customer languages={languages} />}</Spoken>;
}

/** `undefined` while nobody knows. */
type Who = Visit | 'nobody' | undefined;

function Customer({ languages }: { readonly languages: ComponentChildren }) {
  const { say } = useSay();
  const [who, setWho] = useState<Who>(undefined);
  const [refused, setRefused] = useState<unknown>(undefined);
  const enter = (visit: Visit) => {
    useCsrfToken(visit.csrfToken);
    setRefused(undefined);
    setWho(visit);
  };
  /** What opens the page of a meter must not stay in the address, where the next one at this phone finds it. */
  const takeCode = (): string | undefined => {
    const code = codeIn(location.hash);
    if (code !== undefined) history.replaceState(null, '', location.pathname);
    return code;
  };
  const look = async (code: string | undefined) => {
    try {
      enter(
        code === undefined
          ? await call<Visit>('GET', '/v1/customer/visit')
          : await call<Visit>('POST', '/v1/customer/visits', { code }),
      );
    } catch (error) {
      setWho('nobody');
      const isNew = error instanceof Refusal && error.code === 'visit_required';
      setRefused(isNew ? undefined : error);
    }
  };
  useEffect(() => {
    void look(takeCode());
    // A phone that has the page open already only changes its address.
    const onHash = () => {
      const code = takeCode();
      if (code !== undefined) void look(code);
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  useEffect(() => {
    document.title = `Wattoken – ${say('title')}`;
  }, [say('title')]);
  if (who === undefined) return null;
  if (who === 'nobody') {
    const show = async (shown: Shown) => enter(await call<Visit>('POST', '/v1/customer/visits', shown));
    return <ShowReceipt refused={refused} onShow={show} languages={languages} />;
  }
  const leave = (why?: unknown) => {
    void call('DELETE', '/v1/customer/visit').catch(() => undefined);
    setRefused(why);
    setWho('nobody');
  };
  return <MeterPage key={who.csrfToken} visit={who} onLeave={leave} languages={languages} />;
}
