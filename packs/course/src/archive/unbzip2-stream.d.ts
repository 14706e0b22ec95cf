/** The parts of unbzip2-stream that its own stream is made of; its types tell of the stream alone. */
declare module 'unbzip2-stream/lib/bit_iterator.js' {
  export interface BitReader {
    (bits: number | null): number
    /** Bytes begun. */
    bytesRead: number
  }
  /** @param nextBuffer - never empty; asked for whenever the one before is used up */
  export default function bitIterator(nextBuffer: () => Uint8Array): BitReader
}

declare module 'unbzip2-stream/lib/bzip2.js' {
  import type { BitReader } from 'unbzip2-stream/lib/bit_iterator.js'

  interface Bzip2 {
    /** Reads the header of a stream: the size of its blocks, in 100,000 bytes. */
    header(bits: BitReader): number
    /**
     * Unpacks one block.
     *
     * @param put - given each byte
     * @param sum - the checksum so far
     * @returns the checksum, or null at the end of the stream
     */
    decompress(bits: BitReader, put: (byte: number) => void, work: Int32Array, size: number, sum: number): number | null
  }
  const bzip2: Bzip2
  export default bzip2
}
