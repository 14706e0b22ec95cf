import { type ButtonProps, Tooltip } from '@mantine/core'
import { WorkingButton } from './working-button.tsx'

/** A button that says why it cannot be pressed. It keeps the focus then, so that the keyboard finds the reason too. */
export function Action({
  whyNot,
  onClick,
  children,
  working = false,
  ...rest
}: ButtonProps & {
  whyNot?: string | undefined
  onClick: () => void
  /** What it does is under way. */
  working?: boolean
  'aria-label'?: string
}) {
  const disabled = whyNot !== undefined
  return (
    <Tooltip label={whyNot} disabled={!disabled} events={{ hover: true, focus: true, touch: true }}>
      <WorkingButton
        variant="default"
        working={working}
        aria-disabled={disabled || undefined}
        {...(disabled ? { 'data-disabled': true } : {})}
        onClick={() => {
          if (!disabled) onClick()
        }}
        {...rest}
      >
        {children}
      </WorkingButton>
    </Tooltip>
  )
}
