import classes from './bar.module.css'

/** How much is done, from 0 to 1. Grows from the side where reading begins. */
export function Bar({ share, label, segments = 1 }: { share: number; label: string; segments?: number }) {
  const percent = Math.floor(share * 100)
  return (
    <div
      className={classes.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      data-segments={segments > 1 || undefined}
    >
      <div className={classes.fill} style={{ inlineSize: `${share * 100}%` }} />
    </div>
  )
}
