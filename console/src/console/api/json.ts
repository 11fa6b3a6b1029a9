// What kind of JSON value it is: numbers may be objects that keep all digits.
import { isLosslessNumber, type LosslessNumber } from 'lossless-json';
import type { Json, JsonObject } from './types';

export const isNumber = (value: Json | undefined): value is number | LosslessNumber => typeof value === 'number' || isLosslessNumber(value);

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
