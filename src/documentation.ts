import { serviceDocumentation } from './api/documentation.ts';
import type { Documented, Operation } from './api/operation.ts';
import { usersDocumentation } from './me/documentation.ts';
import { metricsDocumentation } from './metrics/documentation.ts';
import { revocationDocumentation } from './revocation/documentation.ts';
import { scimDocumentation } from './scim/documentation.ts';
import { signInDocumentation } from './sign-in/documentation.ts';
import { signalsDocumentation } from './signals/documentation.ts';
import { todosDocumentation } from './todos/documentation.ts';
import { tokensDocumentation } from './tokens/documentation.ts';
import { webDocumentation } from './web/documentation.ts';

/** Every route of the app, in the order a reader wants them. `test/api/openapi.test.ts` fails on one that is not here. */
export function documentEverything(administration: readonly Operation[]): readonly (Documented | Operation)[] {
  return [
    ...revocationDocumentation,
    ...administration,
    ...scimDocumentation,
    ...usersDocumentation,
    ...signalsDocumentation,
    ...signInDocumentation,
    ...tokensDocumentation,
    ...todosDocumentation,
    ...serviceDocumentation,
    ...metricsDocumentation,
    ...webDocumentation,
  ];
}
