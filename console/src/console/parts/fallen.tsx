// A view that fails takes no other with it.
import { Component, type ReactNode } from 'react';
import { Button, Container } from '@mantine/core';
import { Problem } from './problem';

export class Fallen extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };
  static getDerivedStateFromError(error: Error) { return { error }; }
  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <Container py="xl" size="sm">
        <Problem error={this.state.error} />
        <Button mt="md" variant="default" onClick={() => this.setState({ error: null })}>Try again</Button>
      </Container>
    );
  }
}
