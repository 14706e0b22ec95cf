import { expect, test } from 'vitest'
import { tokenAuthenticator } from './token-authenticator.ts'

const ada = { id: 'ada', name: 'Ada', staff: false }
const root = { id: 'root', name: 'Root', staff: true }
const authenticate = tokenAuthenticator([
  { token: 'token-of-ada', principal: ada },
  { token: 'token-of-root', principal: root },
])

function request(authorization?: string): Request {
  return new Request('http://errand.test/', authorization === undefined ? {} : { headers: { authorization } })
}

test('knows whose token it is', () => {
  expect(authenticate(request('Bearer token-of-ada'))).toEqual(ada)
  expect(authenticate(request('bearer  token-of-root '))).toEqual(root)
})

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer token-of-nobody',
  'Basic token-of-ada',
  'token-of-ada',
  'Bearer token-of-ada token-of-root',
])('knows nobody by %s', (authorization) => {
  expect(authenticate(request(authorization))).toBeNull()
})

test('takes no token from an address', () => {
  expect(authenticate(new Request('http://errand.test/?token=token-of-ada&access_token=token-of-ada'))).toBeNull()
})

test('refuses to be made with an empty token', () => {
  expect(() => tokenAuthenticator([{ token: '', principal: ada }])).toThrow('The token of ada is empty')
})
