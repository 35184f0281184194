/** Where a customer wants to be told, as it goes over the wire. */
import { z } from 'zod';
import { LANGUAGES, type Language } from '../language/catalogue.ts';

/** Where a customer wants its token: both may be given. */
export const SendTo = z
  .strictObject({
    phone: z
      .string()
      .regex(/^\+[1-9][0-9]{6,14}$/)
      .optional(),
    email: z.email().max(254).optional(),
    language: z.enum(LANGUAGES as [Language, ...Language[]]).optional(),
  })
  .refine(({ phone, email }) => phone !== undefined || email !== undefined, {
    message: 'Invalid request: expected phone or email',
    path: ['phone'],
  });
