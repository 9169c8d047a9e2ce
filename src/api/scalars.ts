import { z } from 'zod';

/** What the schemas of the API's answers are made of. */

export const time = z.iso.datetime();
export const count = z.int().nonnegative();
export const list = <Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> =>
  z.array(item).readonly();
