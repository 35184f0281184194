/** Who is at the page, in which language, and what he sees: the door or the counter. */
import { useEffect, useState } from 'preact/hooks';
import type { Session, Vendor } from './answers.ts';
import { call, NoAnswer, Refusal, useCsrfToken } from './api.ts';
import { Counter } from './counter.tsx';
import {
  firstLanguage,
  keepLanguage,
  LANGUAGES,
  type Language,
  LanguageContext,
  useSay,
} from './language.ts';
import { SignIn } from './sign-in.tsx';

export function App() {
  const [language, setLanguage] = useState(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
    keepLanguage(language);
  }, [language]);
  return (
    <LanguageContext.Provider value={language}>
      <Door onLanguage={setLanguage} />
    </LanguageContext.Provider>
  );
}

/** `undefined` while nobody knows. */
type Who = { readonly session: Session; readonly vendor: Vendor } | 'nobody' | undefined;

function Door({ onLanguage }: { readonly onLanguage: (language: Language) => void }) {
  const { say } = useSay();
  const [who, setWho] = useState<Who>(undefined);
  const [problem, setProblem] = useState('');
  const enter = async (session: Session) => {
    useCsrfToken(session.csrfToken);
    if (session.vendorId === null || !session.permissions.includes('sale.make')) {
      await call('DELETE', '/v1/session');
      throw new Refusal(403, { code: 'permission_denied', detail: say('notASeller'), outcome: 'none' });
    }
    setWho({ session, vendor: await vendorOf(session) });
  };
  useEffect(() => {
    const look = async () => {
      try {
        await enter(await call<Session>('GET', '/v1/session'));
      } catch (error) {
        setWho('nobody');
        if (error instanceof NoAnswer) setProblem(say('noConnection'));
      }
    };
    void look();
  }, []);
  useEffect(() => {
    document.title = `Wattoken – ${say('title')}`;
  });
  const leave = (reason = '') => {
    setProblem(reason);
    setWho('nobody');
  };
  if (who === undefined) return null;
  const languages = <LanguageChoice onLanguage={onLanguage} />;
  if (who === 'nobody') return <SignIn problem={problem} onSignedIn={enter} languages={languages} />;
  const refresh = async () => setWho({ ...who, vendor: await vendorOf(who.session) });
  return <Counter {...who} onSold={refresh} onLeave={leave} languages={languages} />;
}

async function vendorOf({ vendorId }: Session): Promise<Vendor> {
  return call<Vendor>('GET', `/v1/vendors/${vendorId}`);
}

function LanguageChoice({ onLanguage }: { readonly onLanguage: (language: Language) => void }) {
  const { say, language } = useSay();
  return (
    <label class="choice">
      <span class="unseen">{say('language')}</span>
      <select value={language} onChange={(event) => onLanguage(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
