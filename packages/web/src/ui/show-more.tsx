import { type ButtonProps, Text } from '@mantine/core'
import { WorkingButton } from './working-button.tsx'

interface ShowMoreProps extends ButtonProps {
  pages: {
    data: { pages: readonly unknown[] } | undefined
    hasNextPage: boolean
    isFetchingNextPage: boolean
    fetchNextPage: () => Promise<unknown>
  }
  children: string
}

/** Shows the next page of a list, at its end. Once there is none it says so in that place, which then has the focus. */
export function ShowMore({ pages, children, ...rest }: ShowMoreProps) {
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = pages
  if (!hasNextPage && (data?.pages.length ?? 0) < 2) return null
  return (
    <div tabIndex={-1}>
      {hasNextPage ? (
        <WorkingButton variant="default" working={isFetchingNextPage} onClick={() => void fetchNextPage()} {...rest}>
          {children}
        </WorkingButton>
      ) : (
        <Text size="sm" c="dimmed" ta="center">
          That is all.
        </Text>
      )}
    </div>
  )
}
