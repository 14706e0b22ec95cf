/** 32-bit FNV-1a: its offset and its prime. */
const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

/**
 * A number from 0 up to, but not including, 1 that looks random, and is the same each time for the same arguments: so a
 * report that is made twice, or half of it twice, comes out the same.
 */
export function chance(seed: number, number: number, salt: string): number {
  let hash = mix(OFFSET ^ seed) ^ number
  for (let index = 0; index < salt.length; index++) hash = Math.imul(hash ^ salt.charCodeAt(index), PRIME)
  return mix(hash) / 2 ** 32
}

/** The last step of MurmurHash3: each bit that goes in changes half of those that come out. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
