/**
 * A mail server that is killed. Its argument is its port, 0 for a free one. It prints `listening PORT`, and for each mail
 * that it takes, before it says so to the sender, `mail RECIPIENT MESSAGE-ID`.
 */
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  onData(stream, session, done) {
    text(stream).then((mail) => {
      const id = /^message-id:\s*(\S+)/im.exec(mail)?.[1]
      for (const { address } of session.envelope.rcptTo) process.stdout.write(`mail ${address} ${id}\n`)
      done()
    }, done)
  },
})
// A sender that is killed breaks its connection.
server.on('error', () => undefined)
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  const address = server.server.address()
  process.stdout.write(`listening ${typeof address === 'object' && address !== null ? address.port : 0}\n`)
})
