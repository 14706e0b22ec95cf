import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machineLine } from '../machine.ts'
import { megabytes, seconds } from '../numbers.ts'
import { chosenOf, numberOf } from '../options.ts'
import { printTable } from '../table.ts'
import { measureCutUpload } from './cut-upload.ts'
import { measureDeliveries, type WayOfDelivery, waysOfDelivery } from './delivery.ts'
import { besideCp, besideS3Client, type Throughput } from './throughput.ts'

const AIMS = { throughput: 0.8, memory: 150e6, processor: 0.01 }
const PARTS = ['throughput', 'delivery', 'upload'] as const
const ROUNDS = 3
const CUTS = 5

/** Prints what artifacts cost beside plain copies, and what big files do to the process that handles them. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true },
      way: { type: 'string', multiple: true },
      size: { type: 'string', default: '500' },
      deliver: { type: 'string', default: '5000' },
      upload: { type: 'string', default: '2000' },
    },
  })
  const parts = chosenOf('only', values.only, PARTS)
  const ways = chosenOf('way', values.way, waysOfDelivery)
  const size = numberOf('size', values.size)
  const deliver = numberOf('deliver', values.deliver)
  const uploaded = numberOf('upload', values.upload)
  const folder = await mkdtemp(join(tmpdir(), 'errand-bench-'))
  process.stdout.write(`${machineLine()}\n`)
  try {
    if (parts.includes('throughput')) await throughput(folder, size)
    if (parts.includes('delivery')) await delivery(folder, deliver, ways)
    if (parts.includes('upload')) await upload(folder, uploaded)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(`${machineLine()}\n`)
}

async function throughput(folder: string, size: number): Promise<void> {
  const source = join(folder, 'source')
  const file = await open(source, 'w')
  for (let written = 0; written < size; written += 1) await file.write(randomBytes(1_000_000))
  await file.close()
  process.stderr.write(`Writing and reading ${size} MB beside cp…\n`)
  const files = await besideCp(source, folder, ROUNDS)
  process.stderr.write('…and beside the S3 client\n')
  const objects = await besideS3Client(source, ROUNDS)
  const rate = (took: number) => `${((size * 1e3) / took).toFixed(0)} MB/s`
  const row = (what: string, { ours, theirs }: Throughput['write']) => [
    what,
    rate(ours),
    rate(theirs),
    (theirs / ours).toFixed(2),
    `≥ ${AIMS.throughput}`,
  ]
  process.stdout.write('\n')
  printTable(
    [`artifacts of ${size} MB`, 'ours', 'theirs', 'ratio', 'aim'],
    [
      row('fs: write, beside cp and sync', files.write),
      row('fs: read into a file, beside cp and sync', files.read),
      row('S3: write, beside its client', objects.write),
      row('S3: read, beside its client', objects.read),
    ],
  )
  process.stdout.write('Ours hashes what it writes (SHA-256) and writes the record. The S3 server is s3rver, here.\n\n')
}

async function delivery(folder: string, size: number, ways: readonly WayOfDelivery[]): Promise<void> {
  const rows = await measureDeliveries(folder, size, ways)
  printTable(
    [`${size} MB`, 'written', 'memory', 'downloaded', 'memory', 'processor', 'of the transfer', 'nginx'],
    rows.map(({ downloaded, way, written }) => [
      way,
      seconds(written.took),
      `+${megabytes(written.growth)}`,
      seconds(downloaded.took),
      `+${megabytes(downloaded.growth)}`,
      seconds(downloaded.processor),
      `${((100 * downloaded.processor) / downloaded.took).toFixed(1)} %`,
      downloaded.front === undefined ? '' : seconds(downloaded.front),
    ]),
  )
  process.stdout.write(
    `Aims: memory below +${megabytes(AIMS.memory)}; behind nginx, processor below ${AIMS.processor * 100} % of the transfer. One process, serve, on PGlite.\n\n`,
  )
}

async function upload(folder: string, size: number): Promise<void> {
  process.stderr.write(`Uploading ${size} MB over a line that is cut…\n`)
  const { again, cuts, growth, same, took } = await measureCutUpload(join(folder, 'upload'), size, CUTS)
  printTable(
    [`upload of ${size} MB`, 'cuts', 'took', 'sent again', 'memory', 'SHA-256'],
    [['', String(cuts), seconds(took), megabytes(again), `+${megabytes(growth)}`, same ? 'right' : 'WRONG']],
  )
}
