/** What a request with a stream as its body must say; the types of browsers do not know it yet. */
interface RequestInit {
  duplex?: 'half'
}
