import express, { type RequestHandler } from 'express';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { formType, page, redirect, tag } from './answers.ts';

type Handlers = Readonly<Record<'enter' | 'confirm', RequestHandler<{ uid: string }>>>;

export function createInteractionEndpoints({ enter, confirm }: Handlers): readonly Endpoint[] {
  const common = {
    path: '/oauth/interaction/{uid}',
    tag,
    params: z.object({ uid: z.string() }),
    security: ['session'],
    securityOptional: true,
  } as const;
  return [
    endpoint({
      ...common,
      method: 'get',
      id: 'approve',
      summary: 'Approve an app’s request with the browser’s session',
      description:
        'An app whose redirect address is a loopback port or a custom scheme is approved by the person alone (RFC 8252 §8.6): a page says who is signed in and what the app gets, and its button is the yes.',
      success: redirect('Back to the authorization, or to the sign-in.'),
      also: [page(200, 'The page that asks.')],
      handlers: [enter],
    }),
    endpoint({
      ...common,
      method: 'post',
      id: 'confirmApproval',
      summary: 'The person’s yes to an app’s request',
      description: 'Sent by the button of the page that asks.',
      bodyType: formType,
      body: z.object({ seal: z.string().describe('From the page: it counts for the session that saw it.') }),
      success: redirect('Back to the authorization.'),
      also: [page(200, 'The page anew, for whoever is signed in by now, or the way to the sign-in.')],
      problems: ['foreign_origin', 'content_too_large'],
      handlers: [express.urlencoded({ extended: false, limit: '4kb' }), confirm],
    }),
  ];
}
