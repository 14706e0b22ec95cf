import { Paper, Table, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './section.module.css'

/** A part of an operator's page. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="lg" component="section" aria-label={title}>
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  )
}

interface GridProps {
  head: readonly string[]
  rows: readonly { key: string; cells: readonly ReactNode[] }[]
  /** Said where there are no rows. */
  empty: string
}

/** Rows under a head, or what is said where there are none. On a phone each row is a list, with the head beside it. */
export function Grid({ head, rows, empty }: GridProps) {
  if (rows.length === 0) return <Text c="dimmed">{empty}</Text>
  // With its roles written down: what is no table in its styles is none to a screen reader otherwise.
  return (
    <Table role="table" className={classes.grid}>
      <Table.Thead role="rowgroup">
        <Table.Tr role="row">
          {head.map((title) => (
            <Table.Th key={title} role="columnheader">
              {title}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody role="rowgroup">
        {rows.map(({ key, cells }) => (
          <Table.Tr key={key} role="row">
            {cells.map((cell, index) => (
              <Table.Td key={head[index]} role="cell">
                <span className={classes.name} aria-hidden="true">
                  {head[index]}
                </span>
                <div className={classes.value}>{cell}</div>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
