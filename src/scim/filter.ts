import { isStorableText } from '../database/storable.ts';
import { parseJson } from '../http/parse-json.ts';
import { ScimError } from './scim-error.ts';

export type Operator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';
export type Operand = string | number | boolean | null;

/** A parsed filter (RFC 7644 §3.4.2.2). Paths are as written, not looked up in the schema yet. */
export type Filter =
  | Readonly<{ kind: 'and' | 'or'; terms: readonly Filter[] }>
  | Readonly<{ kind: 'not'; term: Filter }>
  | Readonly<{ kind: 'compare'; path: string; operator: Operator; value: Operand }>
  | Readonly<{ kind: 'present'; path: string }>
  /** One value of a list meets it all: `emails[type eq "work" and value co "@a.example"]`. */
  | Readonly<{ kind: 'some'; path: string; filter: Filter }>;

/** Characters, comparisons, and levels of brackets: more than any provisioning client sends. */
const limits = { length: 8_000, comparisons: 100, depth: 20 };

const operators = new Set<string>(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] satisfies Operator[]);

type Token = Readonly<{ kind: 'bracket' | 'string' | 'number' | 'word' | 'sub'; text: string }>;

// Only one alternative can take each character, so that no text makes it backtrack.
const token =
  /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.-])|([A-Za-z$_][\w$:./-]*)|(\.[A-Za-z$_][\w$-]*))/y;

/** @throws ScimError invalidFilter */
export function parseFilter(text: string): Filter {
  const parser = createParser(text);
  const filter = parser.or(0);
  parser.end();
  return filter;
}

/**
 * Parses `attribute`, `attribute.sub`, `attribute[filter]` or `attribute[filter].sub`.
 * @throws ScimError invalidPath, invalidFilter
 */
export function parseValuePath(text: string): { path: string; filter: Filter | null; sub: string | null } {
  const bracket = text.indexOf('[');
  if (bracket === -1) return { path: text.trim(), filter: null, sub: null };
  const parser = createParser(text.slice(bracket));
  const filter = parser.bracketed(0);
  const sub = parser.sub();
  parser.end();
  return { path: text.slice(0, bracket).trim(), filter, sub };
}

/** How many of a filter's comparisons meet the test. */
export function countComparisons(
  filter: Filter,
  test: (comparison: Extract<Filter, { kind: 'compare' | 'present' }>) => boolean = () => true,
): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countComparisons(term, test), 0);
    case 'not':
      return countComparisons(filter.term, test);
    case 'some':
      return countComparisons(filter.filter, () => true);
    default:
      return test(filter) ? 1 : 0;
  }
}

function createParser(text: string) {
  const tokens = tokenise(text);
  let at = 0;
  let comparisons = 0;
  const peek = (): Token | undefined => tokens[at];
  const isBracket = (bracket: string) => peek()?.kind === 'bracket' && peek()?.text === bracket;
  const isWord = (word: string) => peek()?.kind === 'word' && peek()?.text.toLowerCase() === word;
  const take = (test: boolean): boolean => {
    if (test) at += 1;
    return test;
  };
  const expect = (bracket: string) => {
    if (!take(isBracket(bracket))) throw invalid(`expected "${bracket}"`);
  };

  function or(depth: number): Filter {
    if (depth > limits.depth) throw invalid('it is nested too deeply');
    const terms = [and(depth)];
    while (take(isWord('or'))) terms.push(and(depth));
    return terms.length === 1 ? (terms[0] as Filter) : { kind: 'or', terms };
  }

  function and(depth: number): Filter {
    const terms = [unary(depth)];
    while (take(isWord('and'))) terms.push(unary(depth));
    return terms.length === 1 ? (terms[0] as Filter) : { kind: 'and', terms };
  }

  function unary(depth: number): Filter {
    if (isWord('not') && tokens[at + 1]?.text === '(') {
      at += 1;
      return { kind: 'not', term: group(depth) };
    }
    return isBracket('(') ? group(depth) : comparison(depth);
  }

  function group(depth: number): Filter {
    expect('(');
    const filter = or(depth + 1);
    expect(')');
    return filter;
  }

  function bracketed(depth: number): Filter {
    expect('[');
    const filter = or(depth + 1);
    expect(']');
    return filter;
  }

  function comparison(depth: number): Filter {
    comparisons += 1;
    if (comparisons > limits.comparisons) throw invalid('it has too many comparisons');
    const name = peek();
    if (!take(name?.kind === 'word') || !name) throw invalid('expected an attribute');
    const path = name.text;
    if (!isBracket('[')) return compared(path);
    const filter = bracketed(depth);
    const behind = sub();
    if (behind === null) return { kind: 'some', path, filter };
    return { kind: 'some', path, filter: { kind: 'and', terms: [filter, compared(behind)] } };
  }

  function compared(path: string): Filter {
    if (take(isWord('pr'))) return { kind: 'present', path };
    const operator = peek()?.text.toLowerCase() ?? '';
    if (!take(peek()?.kind === 'word' && operators.has(operator))) throw invalid('expected an operator');
    return { kind: 'compare', path, operator: operator as Operator, value: operand() };
  }

  function operand(): Operand {
    const value = peek();
    at += 1;
    if (value?.kind === 'string') return decode(value.text);
    if (value?.kind === 'number') return Number(value.text);
    const word = value?.kind === 'word' ? value.text.toLowerCase() : '';
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    throw invalid('expected a value: text in double quotes, a number, true, false or null');
  }

  function sub(): string | null {
    const next = peek();
    return take(next?.kind === 'sub') ? (next?.text.slice(1) ?? null) : null;
  }

  function end(): void {
    if (at < tokens.length) throw invalid('there is more than one expression');
  }

  return { or, bracketed, sub, end };
}

function tokenise(text: string): Token[] {
  if (text.length > limits.length) throw invalid('it is too long');
  if (!isStorableText(text)) throw invalid('it holds a character that no value can have');
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  token.lastIndex = 0;
  let at = 0;
  while (at < end) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) throw invalid('it cannot be read');
    const [, bracket, string, number, word] = match;
    const kind = bracket ? 'bracket' : string ? 'string' : number ? 'number' : word ? 'word' : 'sub';
    tokens.push({ kind, text: match[0].trim() });
    at = token.lastIndex;
  }
  return tokens;
}

function decode(literal: string): string {
  const value = parseJson(literal);
  if (typeof value !== 'string') throw invalid('a text in it is not written as JSON writes it');
  if (!isStorableText(value)) throw invalid('it holds a character that no value can have');
  return value;
}

function invalid(why: string): ScimError {
  return new ScimError(400, 'invalidFilter', `The filter is not a valid one: ${why}.`);
}
