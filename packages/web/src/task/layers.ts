import type { Step } from '@errand/client'

/** A step's place in the graph. */
export interface Placed {
  step: Step
  /** Titles of what it waits for, where that is not simply everything in the layer before. */
  after: string[]
}

/**
 * The steps in layers: each stands below everything it waits for, and what stands side by side runs at the same time.
 */
export function layersOf(steps: readonly Step[]): Placed[][] {
  const byName = new Map(steps.map((step) => [step.name, step]))
  const depths = new Map<string, number>()
  const depthOf = (step: Step): number => {
    const known = depths.get(step.name)
    if (known !== undefined) return known
    // The server refuses circles; should one arrive, it must not hang the page.
    depths.set(step.name, 0)
    const before = step.after.flatMap((name) => byName.get(name) ?? [])
    const depth = before.length === 0 ? 0 : Math.max(...before.map(depthOf)) + 1
    depths.set(step.name, depth)
    return depth
  }
  const layers: Step[][] = []
  for (const step of steps) {
    const depth = depthOf(step)
    const layer = layers[depth] ?? []
    layer.push(step)
    layers[depth] = layer
  }
  return layers
    .filter((layer) => layer !== undefined)
    .map((layer, index) => {
      const before = new Set((layers[index - 1] ?? []).map(({ name }) => name))
      return layer.map((step) => {
        const plain = step.after.length === before.size && step.after.every((name) => before.has(name))
        return { step, after: plain ? [] : step.after.flatMap((name) => byName.get(name)?.title ?? []) }
      })
    })
}
