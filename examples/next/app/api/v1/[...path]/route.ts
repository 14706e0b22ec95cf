import { errand } from '../../../../lib/errand.ts'

// The one mount: app/api/v1/[...path]/route.ts. Everything below /api/v1 is answered by Errand.
async function answer(request: Request): Promise<Response> {
  const { server } = await errand()
  return server.app.fetch(request)
}

export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
}

// Node's runtime, as the engine speaks to PostgreSQL; and nothing of it is kept, as every answer is for one person.
export const runtime = 'nodejs'
export const dynamic = 'force-dynamic'
