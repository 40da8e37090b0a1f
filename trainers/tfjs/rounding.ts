/** The stand-in for rounding that gradients pass through. */

import * as tf from '@tensorflow/tfjs';

/** Twice a soft rounding, with noise between; the same as in the native engine. */
export function softRound(values: tf.Tensor, temperature: number, noise: tf.Tensor): tf.Tensor {
  return soften(tf.add(soften(values, temperature), noise), temperature);
}

export function hardRound(values: tf.Tensor): tf.Tensor {
  return tf.floor(tf.add(values, 0.5));
}

/** A staircase with smooth steps (Agustsson and Theis, 2020): steeper the lower the temperature. */
function soften(values: tf.Tensor, temperature: number): tf.Tensor {
  const centre = tf.add(tf.floor(values), 0.5);
  const scale = 0.5 / Math.tanh(0.5 / temperature);
  return tf.add(centre, tf.mul(tf.tanh(tf.div(tf.sub(values, centre), temperature)), scale));
}
