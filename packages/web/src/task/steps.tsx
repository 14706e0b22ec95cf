import type { Step } from '@errand/client'
import { Paper, Text, Title } from '@mantine/core'
import { Bar } from '../ui/bar.tsx'
import { attemptWords, paceWords, progressWords, shownSteps, stepLabel, stepShare, type Tone } from '../words/states.ts'
import { duration } from '../words/units.ts'
import { layersOf, type Placed } from './layers.ts'
import classes from './steps.module.css'

/** What the task does, from the first moment: what is done, what runs, and, greyed, what is to come. */
export function Steps({ steps, now }: { steps: readonly Step[]; now: number }) {
  const planned = shownSteps(steps).filter((step) => step.kind === 'step' || step.kind === 'fan-out')
  const cleanup = shownSteps(steps).filter((step) => !planned.includes(step))
  const layers = layersOf(planned)
  const all = cleanup.length === 0 ? layers : [...layers, cleanup.map((step) => ({ step, after: [] }))]
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="steps">
      <Title order={2} size="h4" id="steps" mb="md">
        Steps
      </Title>
      <ol className={classes.layers}>
        {all.map((layer) => (
          <li key={layer.map(({ step }) => step.name).join(' ')} className={classes.layer}>
            {layer.map((placed) => (
              <Node key={placed.step.name} placed={placed} now={now} />
            ))}
          </li>
        ))}
      </ol>
    </Paper>
  )
}

const tones: { readonly [State in Step['state']]: Tone } = {
  pending: 'quiet',
  ready: 'quiet',
  running: 'moving',
  retrying: 'warning',
  completed: 'good',
  failed: 'bad',
  canceled: 'quiet',
  skipped: 'quiet',
}

const signs: { readonly [State in Step['state']]: string } = {
  pending: '',
  ready: '',
  running: '',
  retrying: '↻',
  completed: '✓',
  failed: '✗',
  canceled: '–',
  skipped: '–',
}

function Node({ placed: { step, after }, now }: { placed: Placed; now: number }) {
  const end = step.finishedAt === null ? now : Date.parse(step.finishedAt)
  const words = [progressWords(step), paceWords(step, now), attemptWords(step, now)].filter((part) => part !== '')
  const open = step.state === 'running' || step.state === 'retrying'
  return (
    <div
      className={classes.node}
      data-tone={tones[step.state]}
      data-state={step.state}
      aria-current={step.state === 'running' ? 'step' : undefined}
    >
      <span className={classes.sign} aria-hidden="true">
        {signs[step.state]}
      </span>
      <div className={classes.body}>
        <div className={classes.head}>
          <Text component="span" fw={600} inherit>
            {step.title}
          </Text>
          <span className={classes.time}>{step.startedAt !== null && duration(end - Date.parse(step.startedAt))}</span>
        </div>
        <span className={classes.label}>
          {stepLabel(step.state)}
          {after.length > 0 && `, after ${after.join(' and ')}`}
        </span>
        {words.length > 0 && <span className={classes.words}>{words.join(' · ')}</span>}
        {open && step.progress?.message != null && <span className={classes.words}>{step.progress.message}</span>}
        {step.failure !== null && open && <span className={classes.words}>{step.failure.title}</span>}
        {open && step.progress !== null && step.progress.total !== null && (
          <Bar
            share={stepShare(step)}
            label={`Progress of ${step.title}`}
            segments={step.kind === 'fan-out' ? 20 : 1}
          />
        )}
      </div>
    </div>
  )
}
