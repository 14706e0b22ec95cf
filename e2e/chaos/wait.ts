/** Asks again until it is so. */
export async function until(condition: () => Promise<boolean>, seconds = 120, what = 'it'): Promise<void> {
  const end = Date.now() + seconds * 1_000
  while (!(await condition().catch(() => false))) {
    if (Date.now() > end) throw new Error(`After ${seconds} s ${what} was not so.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The promise, or an error when it takes longer. */
export async function within<T>(promise: Promise<T>, seconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${seconds} s for ${what}`)), seconds * 1_000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
