import { Button, type ButtonProps } from '@mantine/core'
import type { MouseEvent } from 'react'

/**
 * A button that shows when it is at work, and takes no second press meanwhile. It is never disabled for it, as Mantine's
 * `loading` would have it: whoever pressed it by keyboard would lose their place.
 */
export function WorkingButton({
  working,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps & { working: boolean; onClick?: () => void; type?: 'button' | 'submit'; 'aria-label'?: string }) {
  return (
    <Button
      type={type}
      aria-busy={working || undefined}
      onClick={(event: MouseEvent) => {
        // Also of a form, which it would submit, and of Enter in one of its fields.
        if (working) event.preventDefault()
        else onClick?.()
      }}
      {...rest}
    />
  )
}
