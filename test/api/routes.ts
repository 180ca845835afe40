import express, { type Express, type Router } from 'express';

export type Route = Readonly<{ method: string; path: string }>;

type Mount = { path: string; handler: unknown };
type Layer = { method?: string; name: string };
type Stack = { stack: { route?: { path: string | string[]; stack: Layer[] }; handle: unknown }[] };

/** What may stand before or behind the methods of a route: it answers nobody but with a refusal. */
const answersNothing = ['refuseOthers', 'requireSession', 'requireToken', 'noStore'];
/**
 * What may be mounted at a path without being a router, beside handlers of errors: it serves files,
 * passes everything on, or gives to a library what its own metadata names.
 */
const mountable = ['serveStatic', 'authenticateBearer', 'serveOrgIssuer'];

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/**
 * Every route of the app that `build` makes, with its full path as OpenAPI writes it. Express 5
 * forgets where a router was mounted: its layers keep only what matches. So `use`, by which
 * everything is mounted, is listened to while the app is built. A router in a stack of which no
 * mount was heard is a fault here, and fails.
 */
export function routesOf(build: () => Express): { routes: Route[]; files: string[] } {
  const mounts = new Map<unknown, Mount[]>();
  // The prototype that all routers share; apps mount by their router.
  const shared = Object.getPrototypeOf(Object.getPrototypeOf(express.Router())) as {
    use: (...given: unknown[]) => unknown;
  };
  const use = shared.use;
  shared.use = function listening(this: unknown, ...given: unknown[]) {
    // A pattern only keeps requests away: what is mounted at one keeps its paths.
    const [first, ...rest] = given[0] instanceof RegExp ? ['', ...given.slice(1)] : given;
    const isPath = typeof first === 'string';
    if (Array.isArray(first) && first.some((one) => typeof one === 'string')) throw new Error('a list of paths');
    const handlers = (isPath ? rest : [first, ...rest]).flat(Number.POSITIVE_INFINITY);
    const heard = handlers.map((handler) => ({ path: isPath ? first : '', handler }));
    mounts.set(this, [...(mounts.get(this) ?? []), ...heard]);
    return use.apply(this, given);
  };
  try {
    const { router } = build() as unknown as { router: Router };
    const files: string[] = [];
    return { routes: walk(router, '', mounts, files), files };
  } finally {
    shared.use = use;
  }
}

function walk(router: unknown, prefix: string, mounts: Map<unknown, Mount[]>, files: string[]): Route[] {
  const { stack } = router as Stack;
  const mounted = mounts.get(router) ?? [];
  const own = stack.flatMap(({ route, handle }) => {
    if (!route) {
      if (!mounted.some(({ handler }) => handler === handle))
        throw new Error(`something is mounted unheard at ${prefix}`);
      return [];
    }
    // Of one for all methods it isn't known which it answers.
    const offered = new Set(
      route.stack.flatMap(({ method, name }) => method ?? (answersNothing.includes(name) ? [] : ['all'])),
    );
    return [route.path]
      .flat()
      .flatMap((path) =>
        [...methods, 'all']
          .filter((method) => offered.has(method))
          .map((method) => ({ method, path: written(prefix + path) })),
      );
  });
  for (const { path, handler } of mounted) {
    const { name, length } = handler as express.Handler;
    if (name === 'serveStatic') files.push(prefix + path);
    if (path !== '' && path !== '/' && !isRouter(handler) && length < 4 && !mountable.includes(name))
      throw new Error(`a handler (${name || 'without a name'}) is mounted at ${prefix}${path}: make it a route`);
  }
  const below = mounted
    .filter(({ handler }) => isRouter(handler))
    .flatMap(({ path, handler }) => walk(handler, prefix + (path === '/' ? '' : path), mounts, files));
  return [...own, ...below];
}

const isRouter = (handler: unknown) => Array.isArray((handler as Partial<Stack>).stack);

const written = (path: string) => (path.replace(/(?<=.)\/$/, '') || '/').replaceAll(/:(\w+)/g, '{$1}');
