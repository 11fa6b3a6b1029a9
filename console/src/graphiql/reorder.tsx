// Tabs that can be dragged: stands in for Reorder, which is all that GraphiQL takes from the large library framer-motion.
import { createContext, forwardRef, useContext, useRef, type ComponentProps } from 'react';
import { moved } from './moved';

interface Order {
  values: object[];
  onReorder: (values: object[]) => void;
}
type GroupProps = ComponentProps<'ul'> & Order & { axis: string };
type ItemProps = ComponentProps<'li'> & { value: object };

const OrderContext = createContext<(Order & { dragged: { current: object | null } }) | null>(null);

const Group = forwardRef<HTMLUListElement, GroupProps>(({ values, onReorder, axis: _, ...list }, ref) => {
  const dragged = useRef<object | null>(null);
  return (
    <OrderContext.Provider value={{ values, onReorder, dragged }}>
      <ul {...list} ref={ref} />
    </OrderContext.Provider>
  );
});

const Item = forwardRef<HTMLLIElement, ItemProps>(({ value, ...item }, ref) => {
  const { values, onReorder, dragged } = useContext(OrderContext)!;
  return (
    <li
      {...item}
      ref={ref}
      draggable
      onDragStart={() => {
        dragged.current = value;
      }}
      onDragOver={(event) => {
        if (dragged.current) event.preventDefault();
      }}
      onDrop={() => {
        if (dragged.current) onReorder(moved(values, dragged.current, value));
      }}
      onDragEnd={() => {
        dragged.current = null;
      }}
    />
  );
});

export const Reorder = { Group, Item };
