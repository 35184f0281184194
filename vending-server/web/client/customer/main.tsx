import { show } from '../../../../lib/pages/client/show.tsx';
import { App } from './app.tsx';

show(<App />);
