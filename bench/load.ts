import { answerCalls } from './child.ts';
import { createDirectLoad } from './direct-load.ts';
import { loadHttp } from './http-load.ts';
import { createPageLoad } from './page-load.ts';

/** The load generator's process. */
answerCalls({ http: loadHttp, direct: createDirectLoad(), ...createPageLoad() });
