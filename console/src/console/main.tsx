// Puts the console on the page.
import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './console.css';
import { App } from './app';

createRoot(document.getElementById('page')!).render(<App />);
