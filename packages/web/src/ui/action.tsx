import { Button, type ButtonProps, Tooltip } from '@mantine/core'

/** A button that says why it cannot be pressed. It keeps the focus then, so that the keyboard finds the reason too. */
export function Action({
  whyNot,
  onClick,
  children,
  ...rest
}: ButtonProps & { whyNot?: string | undefined; onClick: () => void; 'aria-label'?: string }) {
  const disabled = whyNot !== undefined
  return (
    <Tooltip label={whyNot} disabled={!disabled} events={{ hover: true, focus: true, touch: true }}>
      <Button
        variant="default"
        aria-disabled={disabled || undefined}
        {...(disabled ? { 'data-disabled': true } : {})}
        onClick={() => {
          if (!disabled) onClick()
        }}
        {...rest}
      >
        {children}
      </Button>
    </Tooltip>
  )
}
