import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** A real nginx in front of a server, as docs/operate.md says to configure it. */
export interface Nginx {
  url: string
  /** Of all its processes, for measurements. */
  pid: number
  stop(): Promise<void>
}

/** Whether nginx is on this machine. CI installs it. */
export function hasNginx(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** @param storage - the folder of the storage `default` */
export async function startNginx(upstream: string, storage: string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-nginx-'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;${process.getuid?.() === 0 ? ' user root;' : ''}
events { worker_connections 256; }
http {
  access_log off; ${temporary}
  sendfile on;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${upstream}; proxy_http_version 1.1; proxy_set_header Host $http_host; client_max_body_size 0; }
    location /errand-files/default/ {
      internal;
      alias ${storage}/;
      add_header X-Content-Type-Options nosniff always;
      add_header Content-Security-Policy "sandbox; default-src 'none'" always;
    }
  }
}`,
  )
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await answers(url, child)
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const end = Date.now() + 30_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx has ended with ${child.exitCode}.`)
    const there = await fetch(url).then(
      () => true,
      () => false,
    )
    if (there) return
    if (Date.now() > end) throw new Error('nginx does not answer.')
    await setTimeout(20)
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
