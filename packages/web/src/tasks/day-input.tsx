import { TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'

/** The first year that is one, and not the beginning of another: while 2026 is typed, the field says 2, 20 and 202. */
const FIRST_YEAR = '1000'

interface DayInputProps {
  label: string
  title: string
  /** `2026-11-25`, or nothing. */
  value: string
  min?: string
  max?: string
  onChange: (day: string) => void
}

/** A day, told once its year is whole: what is written back into the field meanwhile would take its digits away. */
export function DayInput({ label, title, value, min, max, onChange }: DayInputProps) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  return (
    <TextInput
      type="date"
      aria-label={label}
      title={title}
      value={text}
      {...(min === undefined ? {} : { min })}
      {...(max === undefined ? {} : { max })}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        if (currentTarget.value === '' || currentTarget.value >= FIRST_YEAR) onChange(currentTarget.value)
      }}
    />
  )
}
