import type { Request, Response } from 'express';
import type { Permission } from '../api/permissions.ts';
import type { AppError } from '../errors.ts';
import type { Html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import type { Words } from '../web/script-words.ts';
import type { Files } from './form-data.ts';

/** What was typed into a form, by the names of its fields. A text never has more than one value. */
export type Given = Readonly<Record<string, readonly string[]>>;

/** One request for a page of the console, by somebody who may see it. */
export type Visit = Readonly<{
  req: Request;
  res: Response;
  principal: Principal;
  texts: Texts;
  /** The address's own parts, such as `id`. */
  params: Readonly<Record<string, string>>;
  /** The query's parameters; of one that is repeated the last counts. */
  query: Readonly<Record<string, string>>;
  /** Fields that were sent, and are shown again; empty when the page is opened. */
  given: Given;
  /** Files that were sent, by their fields' names. */
  files: Files;
  /** Why what was sent is not carried out. */
  problem: AppError | null;
  /** The part of the page in which something was just saved, for the first look at it. */
  savedIn: string | null;
}>;

/** What a screen shows. */
export type View = Readonly<{
  /** Tells where one is. It names nobody: browsers keep it. */
  title: string;
  /** What stands above the title: the ways back, the outermost first. */
  trail?: readonly Readonly<{ label: string; href: string }>[];
  body: Html;
  status?: number;
  /** Modules below /assets beside the console's own. */
  scripts?: readonly string[];
  /** Texts of these, beside those that all pages have. */
  words?: Words;
  /**
   * Where the page goes on by itself, and after how many seconds: what it shows isn't to stay. That
   * needs no script; where one of the page does it too, it comes first.
   */
  leadsTo?: Readonly<{ href: string; after: number }>;
}>;

/**
 * Where the browser goes on after a form was carried out, and which notice it sees there: on top, or
 * by `savedIn` in the part of a long page whose form it was.
 */
export type Done = Readonly<{ to: string; notice?: keyof Texts['console']['notices']; savedIn?: string }>;

/** What a form's button does. A `View` is shown at once: what can be seen only this once. */
export type Act = (visit: Visit) => Promise<Done | View>;

/**
 * A page of the console, with the forms on it, which post to its own address. It shows and does
 * nothing but by operations of the API.
 */
export type Screen = Readonly<{
  /** /admin/people/{id} */
  path: string;
  /** camelCase, unique: the `operationId`. */
  id: string;
  summary: string;
  /** Where the menu shows that one is; null: a page of the person's own, for whoever is signed in. */
  area: keyof Texts['console']['areas'] | null;
  /** Default: `org.read`. What is the person's own asks for no role. */
  permission?: Permission;
  /** The page is a form that needs a recent authentication: it asks for one when it is opened. */
  recent?: boolean;
  /** False where an operation of the page takes a turn itself: two for one page could wait for each other. */
  turn?: false;
  show: (visit: Visit) => Promise<View>;
  /** Its forms hold files (`renderForm`'s `uploads`). */
  uploads?: true;
  /** By the value of the button that is named `do`. */
  acts?: Readonly<Record<string, Act>>;
  /** Those of `acts` that only look: a reload repeats them. */
  looks?: readonly string[];
  /** Those of `acts` whose answer shows what was made, this once: a key, a secret. A function: it depends on the form. */
  shownOnce?: readonly string[] | ((given: Given) => boolean);
  /** What those say that were sent before. Default: that nobody can show it again. */
  shownBefore?: keyof Texts['console']['notices'];
  /** Fields that nobody types: they say which row of a list a button belongs to. */
  untyped?: readonly string[];
  /** Fields that are never kept or shown again. */
  secrets?: readonly string[];
}>;

/** The text of a field, without the space around it; '' where it is missing. */
export const textOf = (given: Given, name: string): string => given[name]?.[0]?.trim() ?? '';

/** The texts of a field that may be there several times. */
export const textsOf = (given: Given, name: string): readonly string[] => given[name] ?? [];

/** The text, or undefined where nothing was typed: for members that may be left out. */
export const filled = (given: Given, name: string): string | undefined => textOf(given, name) || undefined;

export const isChecked = (given: Given, name: string): boolean => given[name] !== undefined;
