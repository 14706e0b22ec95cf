import { z } from 'zod'

const claim = z.string().min(1).max(100)

/** How people are known. @example `{ jwt: { preset: 'open-edx', jwks: 'https://lms.example.org/jwks.json', issuer: '…', audience: 'errand' } }` */
export const identity = z.strictObject({
  /** The platform's JSON Web Tokens. */
  jwt: z
    .strictObject({
      /** What is particular to a platform; what stands beside it wins. */
      preset: z.enum(['open-edx']).optional(),
      /** Where the platform's public keys are. */
      jwks: z.url({ protocol: /^https?$/ }),
      issuer: z.string().min(1),
      audience: z.string().min(1),
      /** Seconds by which the clocks may differ. */
      leeway: z.number().min(0).max(300).optional(),
      /** Cookies that have the token where there is no Authorization header. */
      cookies: z.strictObject({ payload: z.string().min(1), signature: z.string().min(1) }).optional(),
      claims: z
        .strictObject({
          id: claim.optional(),
          name: claim.optional(),
          email: claim.optional(),
          staff: claim.optional(),
          roles: claim.optional(),
        })
        .optional(),
      /** What the platform calls its roles, and what they are here. */
      roles: z.record(z.string(), z.enum(['team', 'staff'])).optional(),
    })
    .optional(),
  /** A module whose default export tells a request's principal, or null: for anything else. */
  authenticate: z.string().min(1).optional(),
  /** A module whose default export tells a person's roles in the platform. */
  roles: z.string().min(1).optional(),
})
