// A link within the console that may remember the way.
import type { AnchorHTMLAttributes, ReactNode } from 'react';
import { Link } from 'wouter';
import type { Stop } from './trail';
import classes from './data.module.css';

interface Props extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  to: string;
  trail?: Stop[];
  children: ReactNode;
}

export function Go({ to, trail, className, children, ...others }: Props) {
  return (
    <Link href={to} state={trail?.length ? { trail } : null} className={`${classes.link} ${className ?? ''}`} {...others}>{children}</Link>
  );
}
