import classes from './bar.module.css'

interface BarProps {
  /** How much is done, from 0 to 1. */
  share: number
  label: string
  /** How much of the whole has failed, from 0 to 1: the end of what is done, in its own colour. */
  failed?: number
  /** Many small things rather than one. */
  segmented?: boolean
}

/** How much is done. Grows from the side where reading begins. */
export function Bar({ share, label, failed = 0, segmented = false }: BarProps) {
  const percent = Math.floor(share * 100)
  return (
    <div
      className={classes.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      data-segments={segmented || undefined}
    >
      <div className={classes.fill} style={{ inlineSize: `${(share - failed) * 100}%` }} />
      {failed > 0 && <div className={classes.failed} style={{ inlineSize: `${failed * 100}%` }} />}
    </div>
  )
}
