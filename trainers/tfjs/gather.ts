/** Reading at given places. */

import * as tf from '@tensorflow/tfjs';

/**
 * samples[index] of real `index`, by which there is no gradient; that by the samples adds up where they are read twice, which
 * not every backend knows of its own `gather`.
 */
export const gather = tf.customGrad((...inputs) => {
  const [samples, index, save] = inputs as unknown as [tf.Tensor1D, tf.Tensor, tf.GradSaveFunc];
  const at = tf.cast(index, 'int32');
  save([at]);
  return {
    value: tf.gather(samples, at),
    gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => [
      tf.scatterND(tf.reshape(saved!, [-1, 1]), tf.reshape(dy, [-1]), [samples.size]),
      tf.zerosLike(dy),
    ],
  };
}) as (samples: tf.Tensor1D, index: tf.Tensor) => tf.Tensor;
